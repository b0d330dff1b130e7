#!/usr/bin/env bash
# One part of a scan: the study, the folder, the number of the part (from 0) and of all parts, as htcondor.sub gives them.
set -euo pipefail

exec jaxmix scan "${1:?the study, a TOML file}" --out "${2:?a folder that all nodes share}" --shard "${3:?the part}/${4:?the number of parts}"
