"""Makes the manual's pictures of what test_view_pictures.py took: `python -m tests.browser.view_pictures`."""

from PIL import Image

from app.routes.manual import FOLDER
from tests.browser.conftest import SCREENSHOTS

if __name__ == "__main__":
    (FOLDER / "views").mkdir(exist_ok=True)
    for taken in sorted((SCREENSHOTS / "views").glob("*.png")):
        Image.open(taken).convert("RGB").save(FOLDER / "views" / f"{taken.stem}.webp", quality=82, method=6)
