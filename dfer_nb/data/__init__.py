"""From files on disk to batches of frames, and the embedded dataset FACSimile."""
