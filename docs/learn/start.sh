# Begins a unit of the lessons. In the checkout, after npm ci, type: . docs/learn/start.sh
# It puts the commands of this checkout first on the PATH, goes to a fresh folder, and makes you Alice.

if [ -x node_modules/.bin/waxwing ]; then
  export PATH="$PWD/node_modules/.bin:$PATH"
  cd "$(mktemp -d)" || return
  export WAXWING_HOME="$PWD/alice"
  export PORT="${PORT:-8123}"
  echo "You are Alice, in an empty folder that you may throw away: $PWD"
else
  echo "Go to the checkout, run npm ci there, and try again." >&2
fi

# Waits until the program whose output goes to the file $1 listens, 30 seconds at most.
listening() {
  for _ in $(seq 300); do
    if grep -qs '^Listening on' "$1"; then return 0; fi
    sleep 0.1
  done
  echo "Nothing listens yet. If the port is taken, choose another: export PORT=8200" >&2
  return 1
}
