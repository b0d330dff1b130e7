"""`jaxmix counting`: CLs and upper limits of any counting experiment, without the rest of the package's physics."""
