# Noise: names and strings in other scripts, with combining characters and an emoji on the way out.
π, größe, 位置 = 3.14159, 1, "位置"


def früher(abfrage, périodе):
    """Wo stand das 🐙 zuletzt? Ελληνικά и русский, e\u0301 und é."""
    print(f"{位置}: {abfrage.tolist()} − {périodе} 🐙 \u202e\x1b[31mred\x1b[0m")
    return abfrage - périodе + größe


place_to_read = früher
