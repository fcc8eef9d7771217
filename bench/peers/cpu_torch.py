"""Makes the PyTorch wheel of PyPI importable on a machine without CUDA.

    python cpu_torch.py            in the environment into which torch was installed without its nvidia-* dependencies

The Linux wheel links against CUDA libraries that CPU work never calls, 1.6 GB of them. This writes libraries of the same names, whose
functions abort, beside torch's own. Needs `cc` and `nm`.
"""

import importlib.util
import pathlib
import re
import subprocess
import sys
import tempfile

LIBRARIES = {
    "cublas": "libcublas.so.12",
    "cublasLt": "libcublasLt.so.12",
    "cudnn": "libcudnn.so.9",
    "cufft": "libcufft.so.11",
    "curand": "libcurand.so.10",
    "cusparse": "libcusparse.so.12",
    "nccl": "libnccl.so.2",
}


def undefined_symbols(library: pathlib.Path) -> set[str]:
    listing = subprocess.run(["nm", "-D", "--undefined-only", library], check=True, capture_output=True, text=True).stdout
    return {line.split()[-1].split("@")[0] for line in listing.splitlines()}


def main() -> None:
    folder = pathlib.Path(importlib.util.find_spec("torch").submodule_search_locations[0]) / "lib"
    wanted = set().union(*(undefined_symbols(folder / f"{name}.so") for name in ("libtorch_cuda", "libtorch_python")))
    for prefix, name in LIBRARIES.items():
        ours = sorted(symbol for symbol in wanted if re.match(rf"{prefix}[A-Z]", symbol))
        source = "void abort(void);\n" + "".join(f"void {symbol}(void) {{ abort(); }}\n" for symbol in ours)
        with tempfile.NamedTemporaryFile("w", suffix=".c") as file:
            file.write(source)
            file.flush()
            subprocess.run(["cc", "-shared", "-fPIC", "-w", f"-Wl,-soname,{name}", "-o", folder / name, file.name], check=True)
    check = "import torch; assert float(torch.ones(3).sum()) == 3; assert not torch.cuda.is_available()"
    subprocess.run([sys.executable, "-c", check], check=True)


if __name__ == "__main__":
    main()
