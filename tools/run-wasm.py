#!/usr/bin/env python3
"""Runs a WASI program: run-wasm.py MODULE [ARGUMENT ...], with the folder of the environment variable WASM_FOLDER as /.

Needs the package `wasmtime` (tools/get-cross.sh installs it). Exit code: the program's.
"""

import os
import sys

import wasmtime


def main() -> int:
    engine = wasmtime.Engine()
    linker = wasmtime.Linker(engine)
    linker.define_wasi()
    module = wasmtime.Module.from_file(engine, sys.argv[1])
    wasi = wasmtime.WasiConfig()
    wasi.argv = sys.argv[1:]
    wasi.inherit_stdout()
    wasi.inherit_stderr()
    folder = os.environ.get("WASM_FOLDER")
    if folder:
        wasi.preopen_dir(folder, "/")
    store = wasmtime.Store(engine)
    store.set_wasi(wasi)
    instance = linker.instantiate(store, module)
    try:
        instance.exports(store)["_start"](store)
    except wasmtime.ExitTrap as end:
        return end.code
    return 0


if __name__ == "__main__":
    sys.exit(main())
