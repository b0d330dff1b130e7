#!/usr/bin/env bash
# A scan as one run of several processes, of which the first joins the parts: jax.distributed finds the others through SLURM.
#   sbatch --nodes=4 configs/cluster/slurm_distributed.sh configs/dense.toml /path/that/all/nodes/share/dense
#SBATCH --job-name=jaxmix
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=8
#SBATCH --mem=16G
#SBATCH --time=04:00:00
set -euo pipefail

exec srun jaxmix scan "${1:?the study, a TOML file}" --out "${2:?a folder that all nodes share}" --distributed
