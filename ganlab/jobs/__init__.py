"""Jobs: processes that outlive the page that starts them, each with a folder on disk.

A kind of job is a `Folder` (what is asked for, where it stands, how its process is started), a
`Queue` of them, and a `Worker` that does the work in a process of its own. MNIST's training is one.
"""
