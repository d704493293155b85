return {summary='validate', run=function() error('later') end}
