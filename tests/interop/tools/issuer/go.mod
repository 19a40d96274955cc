module windlass.test/tools/issuer

go 1.26.0
