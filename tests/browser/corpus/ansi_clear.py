"""Orders that clear the screen, set the title and fill the clipboard."""

PRINTS = "\x1b[2J\x1b[H\x1b]0;pwned\x07\x1b]52;c;cm0gLXJm\x07\x1bc\x1b[?1049hcleared\n"
