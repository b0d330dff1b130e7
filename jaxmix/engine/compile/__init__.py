"""How programs are compiled, and kept on disk so that another process neither traces nor compiles them again."""
