"""How the bundled model emoji-scenes is drawn, trained, measured and written."""
