"""Jobs: processes that outlive the page that starts them, each with a folder on disk.

A kind of job consists of a `Folder` (its plan, its status, and the command of its process), a
`Queue` of such jobs, and a `Worker` that does the work in a process of its own. MNIST training is
one.
"""
