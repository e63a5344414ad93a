"""An image whose data leave the attribute they are written into."""

OUTPUT = {
    "kind": "image",
    "png": 'AAAA" onerror="window.__pwned=1" src="http://elsewhere.invalid/broken.png',
    "alt": "x",
}
