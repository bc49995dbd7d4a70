"""Refusals of the casework itself. Like those of the protocol they name rule, reason and remedy, and nobody."""

from protocol.errors import Refused


class NotFound(Refused):
    """There is no such case, or this person may not know that there is: the answer is the same."""

    def __init__(self) -> None:
        super().__init__("case.unknown", "there is no such case among yours", "check the case number")


class NotAllowed(Refused):
    """The protocol gives this person no right to it."""

    def __init__(self, reason: str) -> None:
        super().__init__("not-allowed", reason, "ask somebody with that role")


class StaffUnknown(Refused):
    """Nobody with this id works here."""

    def __init__(self, field: str = "staff") -> None:
        super().__init__("staff.unknown", "nobody with this id works here", "choose somebody of the staff list", field)


class CommandReused(Refused):
    """A command id that had its effect in another case."""

    def __init__(self) -> None:
        super().__init__("command.reused", "this command id was used in another case", "give every command its own id")
