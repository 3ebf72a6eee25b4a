# The figures of chapter flash_attention, from the tables in the folder `data`. Each is a block of its own.
