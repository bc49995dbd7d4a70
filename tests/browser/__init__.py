"""Pages in a real browser, over the demo partnership."""
