"""Trainings and sweeps that wait in a queue and run in a process of their own, or on a cluster.

`job` is a training and its folder, `queue` keeps them, `worker` is the process, `work` what it does
for a job, `sweeps` many trainings as one job, `cluster` other machines for them, `storage` who may
write where, `limits` what a visitor may ask for, `estimates` how long it will take and what it
costs, `health` whether all is well.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
