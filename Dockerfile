# The image of Paihao. To run it alone, with its own PostgreSQL in the volume:
#
#   docker build -t paihao .
#   docker run --init -p 8080:8080 -p 8081:8081 -v paihao:/data paihao
#
# Arguments after the image name are a command of `./paihao`, for example display, migrate or check-config. The default
# is serve.

# A Debian image with Python 3.11 or newer. Choose another one, for example from a mirror, with `--build-arg PYTHON=`.
ARG PYTHON=python:3.13-slim

FROM ${PYTHON} AS build
ENV APP=/app DATA=/data
WORKDIR /build
COPY requirements.lock deploy/runtime.txt deploy/runtime_lock.py ./
RUN python runtime_lock.py requirements.lock runtime.txt > runtime.lock
RUN python -m venv --without-pip "$APP/venv" \
    && python -m pip --python "$APP/venv/bin/python" install --no-deps --only-binary :all: --require-hashes \
        -r runtime.lock \
    && python -m pip --python "$APP/venv/bin/python" check
COPY LICENSE deploy/healthy.py /app/
COPY service /app/service
COPY display /app/display
COPY migrations /app/migrations
# Compiled here, because the account of the last stage cannot write to /app. Made readable, because the checkout may have
# a strict umask.
RUN python -m compileall -q "$APP/service" "$APP/display" "$APP/migrations" \
    && chmod -R a+rX "$APP" \
    && mkdir "$DATA"

FROM ${PYTHON}
# The account needs a name: initdb refuses to run for a user id without one.
WORKDIR /etc
RUN echo 'paihao:x:10001:10001:Paihao:/data:/usr/sbin/nologin' >> passwd \
    && echo 'paihao:x:10001:' >> group
COPY --from=build /app /app
COPY --from=build --chown=10001:10001 /data /data
ENV PATH=/app/venv/bin:$PATH PYTHONPATH=/app PYTHONSAFEPATH=1
ENV PAIHAO_HOST=0.0.0.0 PAIHAO_PORT=8080 PAIHAO_DISPLAY_PORT=8081 PAIHAO_DATA_DIR=/data
# A number, so that Kubernetes can check that it is not root (runAsNonRoot).
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8080 8081
HEALTHCHECK --interval=5s --timeout=3s --start-period=120s --retries=3 CMD ["python", "-m", "healthy"]
ENTRYPOINT ["python", "-m", "service"]
CMD ["serve"]
