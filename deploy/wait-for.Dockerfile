# From the repository's root:
#   deploy/build-static.sh out
#   docker build -f deploy/wait-for.Dockerfile -t wait-for:0.1.0 .
FROM scratch
COPY out/wait-for /wait-for
# A number, so that runAsNonRoot can be checked without a passwd file; go_wait_for_k8s's image had the same.
USER 65532:65532
# No shell and no CMD: `args:` of a manifest are the gate's arguments, as with go_wait_for_k8s's image.
ENTRYPOINT ["/wait-for"]
