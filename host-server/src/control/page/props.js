// What lies about, from above: crates are squares, barrels, boulders and sacks round, carts long, debris small shards.
// Where they are is as in the newest frame: they seldom move, and never far between two.

const TURN = Math.PI * 2;
const STONE = new Set(["boulder", "rubble"]);
const SQUARE = new Set(["crate", "cart"]);

function outline(context, name, x, y, size, yaw) {
  context.beginPath();
  if (name === "splinters" || name === "rubble") {
    for (let corner = 0; corner < 3; corner += 1) {
      const angle = yaw + (corner * TURN) / 3;
      context.lineTo(x + Math.cos(angle) * size, y + Math.sin(angle) * size * 0.8);
    }
    context.closePath();
  } else if (SQUARE.has(name)) {
    const [long, wide] = name === "cart" ? [size, size * 0.6] : [size * 0.8, size * 0.8];
    const [cos, sin] = [Math.cos(yaw), Math.sin(yaw)];
    for (const [along, across] of [[-long, -wide], [long, -wide], [long, wide], [-long, wide]]) {
      context.lineTo(x + along * cos + across * sin, y + across * cos - along * sin);
    }
    context.closePath();
  } else {
    context.arc(x, y, size, 0, TURN);
  }
}

// `kinds` are the hello's: names and radii.
export function drawProps(context, camera, props, kinds, theme) {
  context.lineWidth = 1;
  for (let i = 0; i < props.kind.length; i += 1) {
    const kind = kinds[props.kind[i]];
    if (kind === undefined) continue;
    const [x, y] = [camera.toScreenX(props.x[i]), camera.toScreenY(props.z[i])];
    const size = Math.max(kind.radius * camera.scale, 1);
    if (x < -size || y < -size || x > camera.width + size || y > camera.height + size) continue;
    const stone = STONE.has(kind.name);
    context.fillStyle = stone ? theme.stone : theme.wood;
    context.strokeStyle = stone ? theme.stoneEdge : theme.woodEdge;
    outline(context, kind.name, x, y, size, (props.yaw[i] / 256) * TURN);
    context.fill();
    if (size > 2) context.stroke();
  }
}
