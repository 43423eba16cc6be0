"""The one kind of error a reader of this book sees for a bad input."""


class BadInput(ValueError):
    """An input that cannot be used: says what is wrong, where, and what to do.

    what, where, todo: one short sentence each; `str()` shows all three.
    """

    def __init__(self, what: str, where: object = "", todo: str = ""):
        self.what, self.where, self.todo = str(what), str(where), str(todo)
        lines = [self.what]
        if self.where:
            lines.append(f"  where: {self.where}")
        if self.todo:
            lines.append(f"  what to do: {self.todo}")
        super().__init__("\n".join(lines))

    def __reduce__(self):  # three arguments, not the one that ValueError would pickle (process pools)
        return type(self), (self.what, self.where, self.todo)
