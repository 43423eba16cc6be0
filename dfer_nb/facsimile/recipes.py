"""The action units of the face, and which of them make each of the seven expressions.

FACS, the Facial Action Coding System (Ekman & Friesen, 1978), numbers the smallest movements a face can make.
One such movement is an *action unit* (AU): AU 12 pulls the lip corners up, AU 4 lowers the brows and draws
them together.
"""

AU_NAMES = {
    1: "inner brow raiser",
    2: "outer brow raiser",
    4: "brow lowerer",
    5: "upper lid raiser",
    6: "cheek raiser",
    7: "lid tightener",
    9: "nose wrinkler",
    10: "upper lip raiser",
    12: "lip corner puller",
    15: "lip corner depressor",
    16: "lower lip depressor",
    17: "chin raiser",
    18: "lip pucker",
    19: "tongue show",
    20: "lip stretcher",
    23: "lip tightener",
    25: "lips part",
    26: "jaw drop",
    43: "eye closure",
}
"""FACS number of every action unit that a drawn face has -> its FACS name."""

ACTION_UNITS = tuple(AU_NAMES)
"""Order of the columns of every array of action units, shape (..., A); intensities run from 0 to 1."""

RECIPES = {
    "Happy": {6: 0.9, 12: 1.0},
    "Sad": {1: 1.0, 4: 0.7, 15: 1.0},
    "Neutral": {},
    "Angry": {4: 1.0, 5: 0.6, 7: 0.9, 23: 1.0},
    "Surprise": {1: 0.9, 2: 1.0, 5: 1.0, 26: 1.0},
    "Disgust": {9: 1.0, 15: 0.7, 16: 0.5},
    "Fear": {1: 1.0, 2: 0.5, 4: 0.8, 5: 1.0, 7: 0.4, 20: 1.0, 26: 0.55},
}
"""Action units of each expression at full intensity, after the prototypes of EMFACS; Neutral has none."""

VARIANTS = {
    "Happy": ({25: 0.7}, {25: 0.9, 26: 0.25}, {}),
    "Sad": ({17: 0.7}, {}),
    "Neutral": ({},),
    "Angry": ({17: 0.4}, {10: 0.7, 16: 0.7, 25: 0.6}),
    "Surprise": ({25: 0.5}, {}),
    "Disgust": ({10: 0.8}, {10: 0.6, 17: 0.6}, {10: 0.4, 19: 0.9, 25: 0.7}),
    "Fear": ({25: 0.5}, {16: 0.4, 25: 0.4}),
}
"""How a recipe is completed: anger may press the lips together or bare the teeth. One is drawn per clip."""
