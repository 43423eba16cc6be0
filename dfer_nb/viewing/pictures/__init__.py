"""Pictures: figures of clips, of run records and of what they say."""
