# The lab as a server for a class, on CPUs. docs/class.md says how to build it and how to run it.

FROM python:3.11-slim-bookworm AS build
# uv knows PyTorch's builds for CPUs by this word; those that pip finds bring 3 GB for GPUs.
ARG TORCH_BACKEND=cpu
RUN python -m venv /opt/uv && /opt/uv/bin/pip install --no-cache-dir "uv>=0.9,<1"
RUN python -m venv --without-pip /opt/ganlab
ENV VIRTUAL_ENV=/opt/ganlab UV_NO_CACHE=1 UV_LINK_MODE=copy
WORKDIR /src
# What changes rarely comes first, so that the next build finds it done.
COPY pyproject.toml constraints.txt ./
RUN /opt/uv/bin/uv pip install ${TORCH_BACKEND:+--torch-backend "$TORCH_BACKEND"} \
        -c constraints.txt -r pyproject.toml
COPY README.md LICENSE ./
COPY ganlab ganlab
COPY pages pages
COPY assets assets
RUN /opt/uv/bin/uv pip install --no-deps .
# A quarter of it is never used: tests, programs, parts of Arrow for services, symbols for debuggers.
# torch's headers stay, which compiled programs include, and so does Python's bytecode, which the
# server's user could not write.
RUN apt-get update && apt-get install --yes --no-install-recommends binutils \
    && cd /opt/ganlab/lib/python3.11/site-packages \
    && rm -rf torch/test pydeck/nbextension plotly/labextension pyarrow/include \
        pyarrow/*flight* pyarrow/*s3* \
    && find torch/bin -type f ! -name torch_shm_manager -delete \
    && find scipy numpy pandas sympy networkx mpmath pyarrow -type d -name tests -prune \
        -exec rm -r {} + \
    && find . -name "*.so*" -not -path "./*.libs/*" -exec strip --strip-unneeded {} + \
    && python -m compileall -q -j 0 -x "torch/testing/_internal" .

FROM python:3.11-slim-bookworm
# The compiler of fast programs (see GANLAB_COMPILE), without its sanitizers and its linker of
# whole programs.
RUN apt-get update && apt-get install --yes --no-install-recommends g++ && apt-get clean \
    && rm -rf /var/lib/apt/lists/* \
    && rm -f /usr/lib/gcc/*/*/lto1 /usr/lib/gcc/*/*/lib*san* /usr/lib/*/lib?san.so* \
        /usr/lib/*/libubsan.so*
RUN useradd --uid 1000 --create-home ganlab && install --directory --owner ganlab --mode 700 /data
COPY --from=build /opt/ganlab /opt/ganlab
ENV PATH=/opt/ganlab/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    GANLAB_CACHE=/data \
    STREAMLIT_SERVER_ADDRESS=0.0.0.0 \
    STREAMLIT_SERVER_PORT=8501 \
    STREAMLIT_BROWSER_GATHER_USAGE_STATS=false
USER ganlab
WORKDIR /data
VOLUME /data
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s CMD ["python", "-m", "ganlab.health"]
ENTRYPOINT ["ganlab"]
CMD ["app", "--class", "30"]
