return {summary='next', run=function() error('later') end}
