// Events: 'labelled', 'empty'.
import(props.script).then(({Deck}) => new Deck(element, {props, watch, trigger}));
