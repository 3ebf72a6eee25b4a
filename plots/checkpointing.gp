#empty
