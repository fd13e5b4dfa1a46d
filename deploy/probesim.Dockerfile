# From the repository's root:
#   deploy/build-static.sh out
#   docker build -f deploy/probesim.Dockerfile -t probesim:0.1.0 .
FROM scratch
# Serves, checks and controls. The lab and the predictions are for laptops and CI, and twice as large.
COPY out/probesim-serve /probesim
# A number, so that runAsNonRoot can be checked without a passwd file.
USER 65532:65532
# The probed endpoints; PORT chooses another.
EXPOSE 8080
# Without arguments it serves; it handles SIGTERM itself, as PID 1 must.
ENTRYPOINT ["/probesim"]
