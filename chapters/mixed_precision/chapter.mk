# Uses nothing but common/.
