# The figures of chapter many_machines, from the tables in the folder `data`.
# Each is a block of its own that begins anew.
