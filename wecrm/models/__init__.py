"""The words all floors share: values without I/O, clock or randomness.

One file per noun. What crosses a border (wire, disk, config) is a frozen `msgspec.Struct`; what
lives only in memory is a frozen slotted dataclass. Start with `plan.py` (Change, Outcome) and
`contact.py` (the relation member × customer, WeCom's unit of customer data).
"""
