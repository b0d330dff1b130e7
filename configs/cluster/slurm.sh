#!/usr/bin/env bash
# A scan as a job array on SLURM: 16 parts, then one job that joins them.
#   sbatch --array=0-15 configs/cluster/slurm.sh configs/dense.toml /path/that/all/nodes/share/dense
# A part that was killed or ran out of time goes on where it stopped when it is submitted again.
#SBATCH --job-name=jaxmix
#SBATCH --cpus-per-task=4
#SBATCH --mem=8G
#SBATCH --time=04:00:00
set -euo pipefail

config=${1:?the study, a TOML file}
out=${2:?a folder that all nodes share}

if [ "${JAXMIX_STEP:-part}" = merge ]; then
    exec jaxmix merge "$out"
fi
if [ "$SLURM_ARRAY_TASK_ID" = "$SLURM_ARRAY_TASK_MIN" ]; then
    # submitted once, by the first part: it starts when every part has ended well
    sbatch --dependency="afterok:$SLURM_ARRAY_JOB_ID" --export=ALL,JAXMIX_STEP=merge "$0" "$config" "$out"
fi
exec jaxmix scan "$config" --out "$out" --shard "$((SLURM_ARRAY_TASK_ID - SLURM_ARRAY_TASK_MIN))/$SLURM_ARRAY_TASK_COUNT"
