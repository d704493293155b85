return {summary='explain', run=function() error('later') end}
