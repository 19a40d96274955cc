module windlass.test/tools/mark

go 1.24
