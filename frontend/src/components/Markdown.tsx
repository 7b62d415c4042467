import styles from "./Markdown.module.css";
import { type Block, blocks, spans } from "./markdown";

function Line({ text }: { text: string }) {
  return spans(text).map((span, index) => {
    const key = `${index} ${span.text}`;
    if (span.kind === "code") return <code key={key}>{span.text}</code>;
    if (span.kind === "bold") return <b key={key}>{span.text}</b>;
    if (span.kind === "link")
      return (
        <a key={key} href={span.to} target="_blank" rel="noreferrer">
          {span.text}
        </a>
      );
    return span.text;
  });
}

function Shown({ block }: { block: Block }) {
  if (block.kind === "heading")
    return (
      <h3 data-level={block.level}>
        <Line text={block.text} />
      </h3>
    );
  if (block.kind === "code") return <pre>{block.text}</pre>;
  if (block.kind === "list")
    return (
      <ul>
        {block.items.map((item) => (
          <li key={item}>
            <Line text={item} />
          </li>
        ))}
      </ul>
    );
  if (block.kind === "table")
    return (
      <div className={styles.scroll}>
        <table>
          <thead>
            <tr>
              {block.head.map((cell) => (
                <th key={cell}>
                  <Line text={cell} />
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {block.rows.map((row) => (
              <tr key={row.join("|")}>
                {row.map((cell, index) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: a cell is its column
                  <td key={index}>
                    <Line text={cell} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    );
  return (
    <p>
      <Line text={block.text} />
    </p>
  );
}

/** A text in Markdown, as far as the product's own cards use it. HTML in it stays text. */
export function Markdown({ text }: { text: string }) {
  return (
    <div className={styles.text}>
      {blocks(text).map((block, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the text does not change while it is shown
        <Shown key={index} block={block} />
      ))}
    </div>
  );
}
