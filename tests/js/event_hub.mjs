// A stand-in for an Event Hub: AMQP 1.0 by rhea, the library below Azure's own JavaScript SDK. It
// takes any token at $cbs, and writes each message it takes as a line. `refuse` on standard input
// makes it reject what comes, `take` ends that.
import readline from "node:readline";
import rhea from "rhea";
import frames from "rhea/lib/frames.js";

const container = rhea.create_container();
let refusing = false;
const replies = new Map();

// Azure's client for Python reads fields by position and does not expect trailing ones to be left
// out, which AMQP allows and rhea does: every performative is written whole.
for (const [name, count] of Object.entries(
  { open: 10, begin: 8, attach: 14, flow: 11, transfer: 11, disposition: 6, detach: 3, end: 1, close: 1 },
)) {
  const kind = Object.getPrototypeOf(frames[name]({}));
  const described = kind.described;
  kind.described = function () {
    for (let at = 0; at < count; at += 1) this.value[at] ??= rhea.types.wrap(null);
    return described.call(this);
  };
}

container.sasl_server_mechanisms.enable_anonymous();
container.on("session_open", ({ session }) => {
  session.local.begin.handle_max = 255;
});
const echo = (link) => {
  link.set_source(link.remote.attach.source);
  link.set_target(link.remote.attach.target);
  link.local.attach.max_message_size = 1024 * 1024;
};
container.on("sender_open", ({ sender }) => {
  echo(sender);
  replies.set(sender.connection, sender); // the link on which $cbs answers
});
container.on("receiver_open", ({ receiver }) => echo(receiver));
container.on("message", ({ message, receiver, delivery, connection }) => {
  if (receiver.remote.attach.target.address === "$cbs") {
    delivery.accept();
    replies.get(connection).send({
      correlation_id: message.message_id,
      to: message.reply_to,
      application_properties: { "status-code": 202, "status-description": "Accepted" },
      body: "",
    });
    return;
  }
  if (refusing) {
    delivery.reject({ condition: "amqp:internal-error", description: "told to", info: { by: "test" } });
    return;
  }
  // Azure sends a batch: one message whose data sections are encoded messages (format 0x80013700),
  // which rhea hands over undecoded.
  const batch = rhea.message.decode(message);
  const key = batch.message_annotations["x-opt-partition-key"];
  for (const encoded of [batch.body.content].flat()) {
    const event = rhea.message.decode(encoded);
    const body = Buffer.from(event.body.content).toString("utf8");
    console.log(JSON.stringify({ id: event.message_id, type: event.content_type, key, body }));
  }
  delivery.accept();
});

const listener = container.listen({
  port: 0,
  host: "127.0.0.1",
  max_frame_size: 65536,
  channel_max: 255,
});
listener.on("listening", () => console.log(JSON.stringify({ port: listener.address().port })));
readline.createInterface({ input: process.stdin }).on("line", (line) => {
  refusing = line === "refuse";
  console.log(JSON.stringify({ refusing }));
}).on("close", () => process.exit(0));
