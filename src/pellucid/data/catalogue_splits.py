"""Every split."""

KINDS = {
    "hash": "pellucid.data.splitting:Hash",
    "stratified": "pellucid.data.splitting:Stratified",
    "by_group": "pellucid.data.splitting:ByGroup",
    "by_time": "pellucid.data.splitting:ByTime",
    "by_column": "pellucid.data.splitting:ByColumn",
    "by_files": "pellucid.data.splitting:ByFiles",
}
