"""stage-wheel.py WHEEL FOLDER: lays TensorFlow's wheel out in FOLDER as tfjs-node's build expects libtensorflow (lib/ and include/)."""
import os
import shutil
import sys
import zipfile

wheel, folder = sys.argv[1:]
lib = os.path.join(folder, "lib")
os.makedirs(lib, exist_ok=True)
# The linker looks for the short names, the loader for those in the libraries themselves.
LIBRARIES = {
    "tensorflow/libtensorflow_cc.so.2": ["libtensorflow.so", "libtensorflow.so.2"],
    "tensorflow/libtensorflow_framework.so.2": ["libtensorflow_framework.so"],
}
HEADERS = tuple(
    f"tensorflow/include/{name}/"
    for name in ("tensorflow/c", "tensorflow/core", "tensorflow/tsl", "tsl", "xla", "external")
)

with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        if name in LIBRARIES:
            target = os.path.join(lib, os.path.basename(name))
            links = LIBRARIES[name]
        elif name.startswith(HEADERS) and name.endswith((".h", ".inc")):
            target = os.path.join(folder, name[len("tensorflow/") :])
            links = []
        else:
            continue
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with archive.open(name) as source, open(target, "wb") as copy:
            shutil.copyfileobj(source, copy, 1 << 22)
        for link in links:
            os.symlink(os.path.basename(target), os.path.join(lib, link))
