"""`jaxmix point`: everything about one parameter point."""
