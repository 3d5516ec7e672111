package slack

import "strings"

// maxMetadata bounds a message's metadata in bytes.
const maxMetadata = 16 << 10

// draft is what is common to messages: text, blocks and metadata, and which
// of them the caller sent at all.
type draft struct {
	text       string
	blocks     []Block
	metadata   map[string]any
	givenText  bool
	givenBlock bool
	givenMeta  bool
}

func readDraft(c *call) (draft, error) {
	d := draft{text: c.str("text"), givenText: c.has("text"), givenBlock: c.has("blocks"), givenMeta: c.has("metadata")}
	if c.has("markdown_text") && (d.givenText || d.givenBlock) {
		return d, refuse("markdown_text_conflict")
	}
	if c.has("attachments") {
		if list, err := c.structure("attachments"); err != nil || !emptyList(list) {
			return d, refuse("invalid_attachments") // nothing here draws them
		}
	}
	blocks, err := c.structure("blocks")
	if err != nil {
		return d, refuse("invalid_blocks_format")
	}
	if d.blocks, err = readBlocks(blocks); err != nil {
		return d, err
	}
	metadata, err := c.structure("metadata")
	if err != nil {
		return d, refuse("invalid_metadata_format")
	}
	d.metadata, err = readMetadata(metadata)
	return d, err
}

// readShown is readDraft for messages that have to show something.
func readShown(c *call) (draft, error) {
	d, err := readDraft(c)
	if err == nil && strings.TrimSpace(d.text) == "" && len(d.blocks) == 0 {
		err = refuse("no_text")
	}
	return d, err
}

func emptyList(v any) bool {
	list, ok := v.([]any)
	return v == nil || ok && len(list) == 0
}

// readBlocks validates a message's blocks and gives each a block_id.
func readBlocks(v any) ([]Block, error) {
	if v == nil {
		return nil, nil
	}
	if problems := validateBlocks(v); len(problems) > 0 {
		return nil, invalidBlocks(problems)
	}
	list, _ := v.([]any)
	blocks := make([]Block, 0, len(list))
	for _, b := range list {
		block, _ := b.(map[string]any)
		blocks = append(blocks, named(block))
	}
	return blocks, nil
}

// named is the block with a block_id, and its elements with action ids.
func named(b Block) Block {
	if id, _ := b["block_id"].(string); id == "" {
		b["block_id"] = shortID()
	}
	for _, e := range elementsOf(b) {
		if id, _ := e["action_id"].(string); id == "" && e["type"] != "image" {
			e["action_id"] = shortID()
		}
	}
	return b
}

func shortID() string { return strings.ReplaceAll(unguessable(), "-", "")[:5] }

func invalidBlocks(problems []Problem) *Refusal {
	var errors, messages []string
	for _, p := range problems {
		errors = append(errors, p.String())
		messages = append(messages, "[ERROR] "+p.String())
	}
	return &Refusal{Code: "invalid_blocks", More: object{"errors": errors, "response_metadata": object{"messages": messages}}}
}

// readMetadata takes {event_type, event_payload}; {} is no metadata.
func readMetadata(v any) (map[string]any, error) {
	if v == nil {
		return nil, nil
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, refuse("invalid_metadata_format")
	}
	if len(m) == 0 {
		return nil, nil
	}
	kind, _ := m["event_type"].(string)
	payload, ok := m["event_payload"].(map[string]any)
	switch {
	case kind == "" || !ok || payload == nil:
		return nil, refuse("invalid_metadata_schema")
	case len(encode(m)) > maxMetadata:
		return nil, refuse("metadata_too_large")
	}
	return object{"event_type": kind, "event_payload": payload}, nil
}
