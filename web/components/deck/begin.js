const events = ['labelled', 'undo', 'empty'];
import(props.script).then(({begin}) => begin(element, {props, watch, trigger}));
