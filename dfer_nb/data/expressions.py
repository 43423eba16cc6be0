"""The seven expressions, in the order of their labels, and how many clips of each DFEW has."""

EXPRESSIONS = ("Happy", "Sad", "Neutral", "Angry", "Surprise", "Disgust", "Fear")
"""DFEW's order. Labels are 0-based everywhere in this package and 1-based in DFEW's own CSV files."""

NEUTRAL = EXPRESSIONS.index("Neutral")

DFEW_COUNTS = {
    "Happy": 2445, "Sad": 1894, "Neutral": 2669, "Angry": 2173, "Surprise": 1469, "Disgust": 145, "Fear": 902,
}  # fmt: skip
"""Single-labelled clips of each class in DFEW's five test folds together (11,697 clips)."""
