// Mails a letter to everyone on a roster with nodemailer, in the way its manual asks for bulk mail: a pool,
// and a new message whenever the pool is idle.
//
//     node nodemailer.mjs FOLDER PORT LETTER ROSTER
//
// FOLDER is where nodemailer is installed, LETTER what `material.py template` wrote.
import { createReadStream, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const [folder, port, letterFile, rosterFile] = process.argv.slice(2);
const nodemailer = createRequire(`${folder}/`)('nodemailer');
const letter = JSON.parse(readFileSync(letterFile, 'utf8'));
const transporter = nodemailer.createTransport({
    pool: true,
    maxConnections: 10,
    maxMessages: Infinity,
    host: '127.0.0.1',
    port: Number(port),
    name: 'localhost',
    secure: false,
    ignoreTLS: true,
});

function message(email, name, number) {
    const token = String(number).padStart(letter.token_length, '0');
    const own = (text) => text.replaceAll('{{email}}', email).replaceAll('{{name}}', name).replaceAll('{{token}}', token);
    const headers = Object.fromEntries(Object.entries(letter.headers).map(([key, value]) => [key, own(value)]));
    return {
        from: letter.from,
        to: { name, address: email },
        subject: letter.subject,
        headers,
        text: own(letter.text),
        html: own(letter.html),
        // The same encoding as ours, so that both write about the same bytes.
        textEncoding: 'quoted-printable',
    };
}

const rows = createInterface({ input: createReadStream(rosterFile), crlfDelay: Infinity })[Symbol.asyncIterator]();
await rows.next();
let idle;
transporter.on('idle', () => idle?.());
let number = 0;
let open = 0;
let finished;
for await (const row of rows) {
    const [email, name] = row.split(',');
    if (!transporter.isIdle()) {
        await new Promise((resolve) => { idle = resolve; });
        idle = undefined;
    }
    open += 1;
    transporter.sendMail(message(email, name, number), (error) => {
        if (error) throw error;
        open -= 1;
        if (open === 0) finished?.();
    });
    number += 1;
}
if (open > 0) await new Promise((resolve) => { finished = resolve; });
transporter.close();
