module windlass.test/tools/tokens

go 1.26
