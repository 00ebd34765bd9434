"""The page Sweep: many trainings that differ in what one chooses, and what they say.

`settings` makes the plan, `start` prices and starts it, `shown` finds the sweep that the address
names, `results` and `charts` show it, `report` takes it along.
"""
