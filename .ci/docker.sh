# Sourced by .ci/run: a Docker engine and the images of the container tests. Where an engine answers it is used; else one is started
# as root, on a socket and with a folder of its own. Where Docker Hub cannot be reached, the images are built from Debian's mirror.
docker_cache="${FLOWLINE_CACHE_DIR:-$HOME/.cache/flowline}/docker"
docker_pid=''

docker_engine() {
  if docker info >/dev/null 2>&1; then
    echo "a Docker engine answers: $(docker info --format '{{.ServerVersion}}')"
    return 0
  fi
  command -v apt-get >/dev/null || { echo 'no Docker engine answers, and none can be installed: this is not Debian'; return 1; }
  local missing=()
  command -v dockerd >/dev/null || missing+=(docker.io)
  command -v iptables >/dev/null || missing+=(iptables)
  command -v docker-compose >/dev/null || docker compose version >/dev/null 2>&1 || missing+=(docker-compose)
  install_packages "${missing[@]}" || return 1
  docker_start overlay2 || docker_start vfs
}

# Own socket, folders and pid file, so that an engine that somebody else starts is not disturbed. Without iptables of its own: published
# ports go through the engine's proxy, and builds use the host's network.
docker_start() {
  local run
  run=$(mktemp -d)
  mkdir -p "$docker_cache"
  as_root dockerd --iptables=false --ip6tables=false --ip-forward=false --ip-masq=false --storage-driver "$1" --data-root "$docker_cache/data" \
    --exec-root "$run/exec" --pidfile "$run/pid" --group "$(id -gn)" -H "unix://$run/docker.sock" >"$run/log" 2>&1 &
  for _ in $(seq 150); do
    if docker -H "unix://$run/docker.sock" info >/dev/null 2>&1; then
      export DOCKER_HOST="unix://$run/docker.sock"
      docker_pid=$(as_root cat "$run/pid")
      echo "started a Docker engine: $(docker info --format '{{.ServerVersion}}, {{.Driver}}')"
      return 0
    fi
    kill -0 $! 2>/dev/null || break
    sleep 0.2
  done
  echo "dockerd ($1) does not start:"
  tail -n 5 "$run/log"
  as_root kill $! 2>/dev/null
  return 1
}

# Ends the engine that docker_engine started, and nothing else.
docker_stop() {
  [ -n "$docker_pid" ] || return 0
  as_root kill "$docker_pid" 2>/dev/null
  for _ in $(seq 100); do as_root kill -0 "$docker_pid" 2>/dev/null || break; sleep 0.1; done
  docker_pid=''
}

docker_images() {
  # No reaper of testcontainers: the tests remove what they start.
  export TESTCONTAINERS_RYUK_DISABLED=true DOCKER_BUILDKIT=0
  if docker pull -q postgres:17 >/dev/null 2>&1; then
    echo 'images come from Docker Hub'
    return 0
  fi
  echo 'Docker Hub cannot be reached: images are built from Debian'
  export FLOWLINE_TEST_KAFKA_IMAGE=flowline-test/kafka FLOWLINE_TEST_POSTGRES_IMAGE=flowline-test/postgres:debian
  export FLOWLINE_KAFKA_IMAGE=flowline-test/kafka:8.1.0 FLOWLINE_POSTGRES_IMAGE=flowline-test/postgres:debian
  export FLOWLINE_NODE_IMAGE=flowline-test/node:host
  docker_base && docker_build node:host && docker_build postgres:debian && docker_build kafka:7.9.0 && docker_build kafka:8.1.0
}

# A Debian like this one, from the mirror that apt uses here.
docker_base() {
  docker image inspect flowline-test/debian >/dev/null 2>&1 && return 0
  local site suite root
  suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
  site=$(apt-get indextargets --format '$(SITE) $(RELEASE)' 'Created-By: Packages' | awk -v suite="$suite" '$2 == suite { print $1; exit }')
  [ -n "$site" ] || { echo "apt knows no mirror of $suite"; return 1; }
  command -v debootstrap >/dev/null || install_packages debootstrap || return 1
  root=$(mktemp -d)
  as_root debootstrap --variant=minbase "$suite" "$root" "$site" >"$root.log" 2>&1 || { tail -n 5 "$root.log"; return 1; }
  # What the host trusts, the builds trust.
  as_root install -D -m 644 /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
  as_root tar -C "$root" -c . | docker import --change 'ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt' - flowline-test/debian >/dev/null || return 1
  as_root rm -rf "$root" "$root.log"
}

# docker_build NAME:TAG: the image of test/support/images/NAME, unless one of the same content is there.
docker_build() {
  local image="flowline-test/$1" folder="test/support/images/${1%%:*}" context content
  context=$(mktemp -d)
  cp -r "$folder/." "$context"
  case "$1" in
    kafka:7.9.0) kafka_jars 3.9.1 "$context" ;;
    kafka:8.1.0) kafka_jars 4.1.0 "$context" ;;
    node:*) cp "$(readlink -f "$(command -v node)")" "$context/node" && cp -r "$(npm root -g)/npm" "$context/npm" ;;
  esac || { echo "$image: what it is made of is missing"; return 1; }
  content=$(cd "$context" && find . -type f | LC_ALL=C sort | xargs -d '\n' sha256sum | sha256sum | cut -c1-16)
  if [ "$(docker image inspect --format '{{index .Config.Labels "content"}}' "$image" 2>/dev/null)" != "$content" ]; then
    docker build -q --network=host --build-arg BASE=flowline-test/debian --label "content=$content" -t "$image" "$context" || return 1
  fi
  rm -rf "$context"
}

kafka_jars() {
  local jars="${FLOWLINE_CACHE_DIR:-$HOME/.cache/flowline}/kafka-$1"
  npm run -s test:kafka-jars -- "$1" && cp -r "$jars" "$2/libs" && cp test/support/kafka/log4j2.properties "$2"
}
