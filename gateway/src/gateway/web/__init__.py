"""The page that people see, and the files it needs. Served as they are; nothing of a mailbox is in them."""
